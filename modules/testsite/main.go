package testsite

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"38qa.net/backend/modules/kernel/observe"
	"38qa.net/backend/modules/media"
)

// Main runs the tests of a package and ends the process. A package whose tests open sites contains
//
//	func TestMain(m *testing.M) { testsite.Main(m) }
func Main(m *testing.M) {
	if media.WorkOnPictures() {
		return // this is the process in which a site of another works on pictures
	}
	slog.SetDefault(observe.NewLogger(os.Stderr, "warn", "text"))
	scratch, err := useScratch()
	if err != nil {
		panic(err)
	}
	// Most tests wait: for the database, for something that must happen, for a second to pass.
	flag.Parse()
	if set := flag.Lookup("test.parallel"); set.Value.String() == set.DefValue {
		if err := set.Value.Set("8"); err != nil {
			panic(err)
		}
	}
	status := m.Run()
	for name, template := range templates {
		if err := template.Drop(); err != nil {
			fmt.Fprintln(os.Stderr, "drop", name, err)
		}
	}
	_ = os.RemoveAll(scratch) // of no use to anybody
	os.Exit(status)
}

// useScratch makes a folder for all temporary files of the process and returns it. The folder is in memory
// if there is room: SQLite waits for the disk after each transaction, and tests make thousands. The
// environment variables that it sets are read by libraries and child processes only; a site gets its
// settings from [New], and not from the environment.
func useScratch() (string, error) {
	folder, err := os.MkdirTemp("/dev/shm", "q2ab-test")
	if err == nil {
		err = os.Setenv("TMPDIR", folder)
	} else {
		folder, err = os.MkdirTemp("", "q2ab-test")
	}
	if err != nil {
		return "", err
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "a secret of the tests",
		"AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE":           "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
		"PYTHONUNBUFFERED": "1", // or an emulator's address stays in its buffer
	} {
		if err := os.Setenv(name, value); err != nil {
			return "", err
		}
	}
	return folder, nil
}
