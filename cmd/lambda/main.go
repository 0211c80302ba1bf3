// The Lambda function by itself; see package lambda.
package main

import (
	"os"

	"38qa.net/backend/cmd/internal/lambda"
)

func main() { os.Exit(lambda.Main(os.Args[1:])) }
