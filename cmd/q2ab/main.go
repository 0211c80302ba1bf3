// Command q2ab is the server, the operators' tool and the Lambda function in one program, which the
// container image uses: most of each is the application, which all three share. It acts as the
// program by whose name it is started (/server, /admin and /lambda are links to it). Started by any
// other name, it acts as the program that its first argument names: `q2ab server --no-demo`.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"38qa.net/backend/cmd/internal/admin"
	"38qa.net/backend/cmd/internal/lambda"
	"38qa.net/backend/cmd/internal/server"
	"38qa.net/backend/modules/media"
)

// program is the main function of one of the programs. It receives the arguments after the program's
// name and returns the exit status.
type program func(args []string) int

var programs = map[string]program{
	"server": server.Main,
	"admin":  admin.Main,
	"lambda": lambda.Main,
}

func main() {
	// The server starts its workers by the path of its executable, which is never one of the links,
	// so a worker cannot be recognised by its name.
	if media.WorkOnPictures() {
		return
	}
	run, args := choose(os.Args, programs)
	if run == nil {
		os.Exit(usage(args, os.Stdout, os.Stderr))
	}
	os.Exit(run(args))
}

// choose returns the program that the command line names, or nil if it names none, and the arguments
// for it. There is no default, so that nothing is served and no event handled by mistake.
func choose(commandLine []string, programs map[string]program) (run program, args []string) {
	if len(commandLine) == 0 {
		return nil, nil
	}
	name := strings.TrimSuffix(filepath.Base(commandLine[0]), ".exe")
	if run, ok := programs[name]; ok {
		return run, commandLine[1:]
	}
	if len(commandLine) > 1 {
		if run, ok := programs[commandLine[1]]; ok {
			return run, commandLine[2:]
		}
	}
	return nil, commandLine[1:]
}

// usage prints how the program is called and returns the exit status: 0 if help was asked for, else
// 2.
func usage(args []string, out, errs io.Writer) int {
	asked := len(args) > 0 && (args[0] == "help" || args[0] == "-h" || args[0] == "--help")
	if !asked {
		out = errs
	}
	fmt.Fprintln(out, `usage: q2ab server [--no-demo]      serve the API
       q2ab admin COMMAND [flags]   operators' work; q2ab admin help lists the commands
       q2ab lambda                  handle the triggers of a Cognito user pool, on AWS Lambda`)
	if asked {
		return 0
	}
	if len(args) > 0 {
		fmt.Fprintf(errs, "q2ab: there is no program %q\n", args[0])
	}
	return 2
}
