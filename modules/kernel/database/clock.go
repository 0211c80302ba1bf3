package database

import "time"

// Clock tells the time; tests give a fixed one.
type Clock func() time.Time

// SystemClock is the machine's clock, in whole seconds of UTC as Q2A's DATETIME columns hold them.
func SystemClock() time.Time { return time.Now().UTC().Truncate(time.Second) }
