// Package option names the options of a Q2A site by typed keys and holds Q2A's defaults for them.
// Code that names an option which does not exist does not compile.
package option

import (
	"cmp"
	"iter"
	"slices"
)

// Key names an option.
type Key struct{ name string }

// None is the zero Key, which names no option. Its value is "".
var None Key

// Name returns the name by which the table of options knows the option, such as "permit_post_q".
func (k Key) Name() string { return k.name }

// String returns the same as Name.
func (k Key) String() string { return k.name }

// Default returns the value that Q2A gives to the option on a new site.
func (k Key) Default() string { return defaults[k.name] }

// Points returns the option that holds the number of points that the permission needs where it
// depends on points. k must be a permit_… option.
func (k Key) Points() Key { return Of(k.name + "_points") }

var (
	all      []Key
	defaults = map[string]string{}
)

func define(name, value string) Key {
	if _, twice := defaults[name]; twice {
		panic("option " + name + " is defined twice")
	}
	defaults[name] = value
	all = append(all, Key{name})
	return Key{name}
}

// permission defines a permit_… option and, without a variable of its own, the option with the
// number of points that belongs to it.
func permission(name, value string) Key {
	k := define(name, value)
	define(name+"_points", "")
	return k
}

// All returns the keys of all options, sorted by name.
func All() iter.Seq[Key] { return slices.Values(slices.SortedFunc(slices.Values(all), Compare)) }

// Of returns the key of the option with the given name. It is for names that are put together or
// stand in struct tags, and panics if there is no such option, so that any test of the calling code
// reveals a wrong name.
func Of(name string) Key {
	if _, known := defaults[name]; !known {
		panic("there is no option " + name)
	}
	return Key{name}
}

// Compare compares two keys by name, for functions that sort.
func Compare(a, b Key) int { return cmp.Compare(a.name, b.name) }
