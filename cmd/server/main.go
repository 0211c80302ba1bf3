// Command server is the HTTP server as a program of its own; see package server.
package main

import (
	"os"

	"38qa.net/backend/cmd/internal/server"
)

func main() { os.Exit(server.Main(os.Args[1:])) }
