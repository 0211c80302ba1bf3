// Command lambda is the AWS Lambda function as a program of its own; see package lambda.
package main

import (
	"os"

	"38qa.net/backend/cmd/internal/lambda"
)

func main() { os.Exit(lambda.Main(os.Args[1:])) }
