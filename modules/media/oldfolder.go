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

// openFolder opens Q2A's folder of blobs. It has to be there, since the run may go on in a process that has it not; and to hold nothing else,
// since files get names that anybody could have chosen the endings of.
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

// readyShelves makes sure that the folder has shelves and nothing else, and nothing unfinished in them.
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

// unfinished is how the names of files begin that are being written for the old site.
const unfinished = ".keep-"

// tidy removes what a process was writing into a shelf when it was killed. A run has one process, so that nobody else's is removed.
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

// writeWhole writes a file so that it is there as a whole or not at all, whatever happens.
func writeWhole(root *os.Root, name string, content []byte) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		return err
	}
	temporary := filepath.Join(filepath.Dir(name), unfinished+rand.Text())
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640) // readable for the old site's group
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
