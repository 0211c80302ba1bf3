package media

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var shelfForm = regexp.MustCompile(`^[0-9]{3}$`)

// openFolder opens the folder in which Q2A keeps blobs. The folder must exist, because a missing
// one may mean that this process, which may continue another's run, does not have the same file
// systems. It must hold nothing else than blobs, because the endings of the file names that are
// written here were chosen by whoever uploaded the files.
func openFolder(dir string) (*os.Root, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("keep-for-php: %w", err)
	}
	if err := readyShelves(root); err != nil {
		return nil, errors.Join(fmt.Errorf("keep-for-php: %w", err), root.Close())
	}
	return root, nil
}

// readyShelves checks that the folder contains only Q2A's directories of blobs, and removes
// unfinished files from them.
func readyShelves(root *os.Root) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || !shelfForm.MatchString(e.Name()) {
			return fmt.Errorf("%s is no folder of Q2A's: it has %s", root.Name(), e.Name())
		}
	}
	for _, e := range entries {
		if err := tidy(root, e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// unfinished is the prefix of the names of files that are being written for the old site.
const unfinished = ".keep-"

// tidy removes files that a process left unfinished in a directory of blobs when it was killed.
// Only one process at a time works on a run, so these files belong to no other process.
func tidy(root *os.Root, shelf string) error {
	entries, err := fs.ReadDir(root.FS(), shelf)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), unfinished) {
			if err := root.Remove(shelf + "/" + e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeWhole writes a file so that, whatever happens, it exists either as a whole or not at all.
func writeWhole(root *os.Root, name string, content []byte) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		return err
	}
	temporary := filepath.Join(filepath.Dir(name), unfinished+rand.Text())
	// The file is readable for the old site's group.
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		_ = root.Remove(temporary) // what matters is why it failed
	}
	return err
}
