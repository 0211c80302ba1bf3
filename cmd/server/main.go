// The server by itself; see package server.
package main

import (
	"os"

	"38qa.net/backend/cmd/internal/server"
)

func main() { os.Exit(server.Main(os.Args[1:])) }
