// The operators' tool by itself; see package admin.
package main

import (
	"os"

	"38qa.net/backend/cmd/internal/admin"
)

func main() { os.Exit(admin.Main(os.Args[1:])) }
