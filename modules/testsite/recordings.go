package testsite

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// root is the root folder of the repository: the nearest folder above a package's tests that has a go.mod.
var root = sync.OnceValue(func() string {
	folder, err := os.Getwd() // go test runs the tests of a package in its folder
	if err != nil {
		panic(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		above := filepath.Dir(folder)
		if above == folder {
			panic("testsite: no go.mod above the tests")
		}
		folder = above
	}
})

// Repository returns the path of a file of the repository, given its path from the root of the repository.
func Repository(path ...string) string { return filepath.Join(append([]string{root()}, path...)...) }

// Testdata returns the path of a file below the folder testdata.
func Testdata(path ...string) string {
	return filepath.Join(Repository("testdata"), filepath.Join(path...))
}

// Recording reads a recorded response of Q2A itself (testdata/oracle/reads), given the file's name without
// .json.
func Recording[T any](t testing.TB, name string) T {
	t.Helper()
	text, err := os.ReadFile(Testdata("oracle", "reads", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
