// Package verdict says how an attack on the application has ended.
package verdict

import "fmt"

// shown is how many failures are printed at most.
const shown = 40

// Of prints what is wrong after an attack and returns an error, or prints that all is well, in the given words,
// if there are no failures.
func Of(failures []string, well string) error {
	for _, f := range failures[:min(len(failures), shown)] {
		fmt.Println("FAILED:", f)
	}
	if len(failures) > 0 {
		return fmt.Errorf("%d checks failed", len(failures))
	}
	fmt.Println(well)
	return nil
}
