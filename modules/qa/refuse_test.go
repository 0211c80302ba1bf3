package qa

import (
	"reflect"
	"testing"

	"38qa.net/backend/modules/kernel/events"
)

// TestNoWriteWithoutAsking: what reports an event has to have asked the rules.
func TestNoWriteWithoutAsking(t *testing.T) {
	c := &change{effects: effects{events: []Event{{Event: events.Event{Name: "q_edit"}}}}}
	if err := c.finish(); err == nil {
		t.Error("a write that asked nobody is finished")
	}
}

// TestEveryOperationIsToldAndRefused: each operation has its place in what readers are told, and reasons for refusing it.
func TestEveryOperationIsToldAndRefused(t *testing.T) {
	told := reflect.TypeFor[Permissions]().NumField()
	if told != int(operations) {
		t.Errorf("%d operations, %d of them told to readers", operations, told)
	}
	for op := range operations {
		if len(reasons[op]) == 0 {
			t.Errorf("operation %d is refused without a reason", op)
		}
		if (rules{}).allows(op) {
			t.Errorf("operation %d is allowed without a rule", op)
		}
	}
	all := rules{}
	for i := range reflect.TypeOf(all).NumField() {
		set(&all, i)
	}
	for op := range operations {
		if !all.allows(op) {
			t.Errorf("operation %d is never allowed", op)
		}
	}
	for i := range told {
		if !reflect.ValueOf(all.public()).Field(i).Bool() {
			t.Errorf("%s is never told", reflect.TypeFor[Permissions]().Field(i).Name)
		}
	}
}

// set makes a rule true; the fields are not exported.
func set(r *rules, field int) {
	*(*bool)(reflect.ValueOf(r).Elem().Field(field).Addr().UnsafePointer()) = true
}
