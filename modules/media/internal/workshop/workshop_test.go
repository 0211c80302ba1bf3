package workshop

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"38qa.net/backend/modules/media/internal/picture"
)

// TestMain makes the test binary its own worker.
func TestMain(m *testing.M) {
	if Work() {
		return
	}
	os.Exit(m.Run())
}

func jpegOf(t *testing.T, width, height int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = uint8(i)
	}
	img.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t *testing.T, atOnce int) *Workshop {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := New(self, atOnce)
	t.Cleanup(w.Close)
	return w
}

// TestOrders checks that a worker returns the same results and the same errors as this process does.
func TestOrders(t *testing.T) {
	there, here := open(t, 1), New("", 1)
	whole := jpegOf(t, 300, 200)
	versions := []Version{{50, false}, {60, true}, {400, false}, {500, true}}
	for name, o := range map[string]Order{
		"clean": {Content: whole, Clean: true}, "versions": {Content: whole, Versions: versions}, "smaller ones": {Content: whole, Versions: versions, OnlySmaller: true, Hash: true},
		"hash": {Content: whole, Hash: true}, "nothing": {Content: whole}, "no picture": {Content: []byte("<svg>"), Clean: true}, "empty": {},
		"half": {Content: whole[:len(whole)/2], Clean: true}, "half, scaled": {Content: whole[:len(whole)/2], Versions: versions},
		"huge": {Content: []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x75\x30\x00\x00\x75\x30\x08\x02\x00\x00\x00\x00\x00\x00\x00"), Clean: true},
	} {
		want, wantErr := here.Do(t.Context(), o)
		got, err := there.Do(t.Context(), o)
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Errorf("%s: %v, want %v", name, err, wantErr)
		}
		for _, kind := range kinds {
			if errors.Is(err, kind) != errors.Is(wantErr, kind) {
				t.Errorf("%s: %v is %v: %v", name, err, kind, errors.Is(err, kind))
			}
		}
		var size, wantSize *picture.SizeError
		if errors.As(err, &size) != errors.As(wantErr, &wantSize) || !reflect.DeepEqual(size, wantSize) {
			t.Errorf("%s: %+v, want %+v", name, size, wantSize)
		}
		if err == nil && (got.Info != want.Info || got.Hash != want.Hash ||
			!bytes.Equal(got.Clean, want.Clean) || len(got.Versions) != len(want.Versions)) {
			t.Errorf("%s: %+v, want %+v", name, got.Info, want.Info)
		}
		for v, r := range want.Versions {
			if !reflect.DeepEqual(got.Versions[v], r) {
				t.Errorf("%s: version %v is another", name, v)
			}
		}
	}
}

// pid returns the process id of an idle worker.
func pid(t *testing.T, w *Workshop) int {
	t.Helper()
	at := <-w.places
	defer func() { w.places <- at }()
	if at == nil {
		t.Fatal("there is no worker")
	}
	return at.cmd.Process.Pid
}

// TestWorkersDie checks that a killed worker is replaced, that cancelling one order does not disturb the
// next, and that no worker is left after Close.
func TestWorkersDie(t *testing.T) {
	w := open(t, 1)
	whole := jpegOf(t, 300, 200)
	order := Order{Content: whole, Clean: true}
	if _, err := w.Do(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	first := pid(t, w)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if m, err := w.Do(t.Context(), order); err != nil || m.Info.Width != 300 {
		t.Fatalf("after it was killed: %v", err)
	}
	second := pid(t, w)
	if second == first {
		t.Error("the killed worker is still there")
	}
	// A caller who stops waiting gets an error, and the next caller the right result.
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(5*time.Millisecond, cancel)
	large := jpegOf(t, 4000, 3000)
	if _, err := w.Do(ctx, Order{Content: large, Clean: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if m, err := w.Do(t.Context(), order); err != nil || m.Info.Width != 300 {
		t.Errorf("afterwards: %v %v", m.Info, err)
	}
	last := pid(t, w)
	w.Close()
	if err := syscall.Kill(last, 0); err == nil {
		t.Error("a worker outlives the workshop")
	}
}

// TestWorkersWait checks that orders take turns if there are more of them than workers, and that workers
// ignore signals, which are meant for the process that started them.
func TestWorkersWait(t *testing.T) {
	w := open(t, 2)
	whole := jpegOf(t, 300, 200)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if m, err := w.Do(t.Context(), Order{
				Content: whole, Versions: []Version{{100, false}},
			}); err != nil || m.Versions[Version{100, false}].Width != 100 {
				t.Errorf("%+v %v", m.Info, err)
			}
		})
	}
	all.Wait()
	at := pid(t, w)
	if err := syscall.Kill(at, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	if err := syscall.Kill(at, 0); err != nil {
		t.Error("it ended by a signal")
	}
}

// TestPriority checks that all threads of a worker run at idle or low priority, and that those of this
// process keep theirs.
func TestPriority(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("priorities of processes are given on Linux only")
	}
	w := open(t, 1)
	if _, err := w.Do(t.Context(), Order{Content: jpegOf(t, 2000, 1000), Clean: true}); err != nil {
		t.Fatal(err)
	}
	// classes returns the nice value and the scheduling class of each thread. In this process it leaves out
	// the main thread, which Go puts to sleep instead of ending it.
	classes := func(process string) (values [][2]string) {
		threads, err := os.ReadDir("/proc/" + process + "/task")
		if err != nil {
			t.Fatal(err)
		}
		for _, thread := range threads {
			stat, err := os.ReadFile("/proc/" + process + "/task/" + thread.Name() + "/stat")
			if err != nil || process == "self" && thread.Name() == strconv.Itoa(os.Getpid()) {
				continue // it has just ended
			}
			fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
			values = append(values, [2]string{fields[16], fields[38]})
		}
		return values
	}
	own := classes("self")[0]
	for _, v := range classes("self") {
		if v != own {
			t.Errorf("a thread of this process has %v, others %v", v, own)
		}
	}
	for _, v := range classes(strconv.Itoa(pid(t, w))) {
		if v[1] != "5" && v[0] != "10" && own == [2]string{"0", "0"} { // 5 is SCHED_IDLE
			t.Errorf("a thread of the worker has %v", v)
		}
	}
}
