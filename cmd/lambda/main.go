// The triggers of a Cognito user pool as an AWS Lambda function: user migration and the check of sign-ups. It is the same
// application as the server, on the same database and settings; see .env.example.
//
// Build it with `-tags lambda.norpc`. Set MIGRATE_ON_START=false, so that a cold start has nothing to do but connect: Cognito
// waits for five seconds.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
)

func main() {
	cfg, err := config.Load()
	if err != nil {
		slog.Error("not started", "error", err)
		os.Exit(1)
	}
	app, err := modules.New(context.Background(), cfg)
	if err != nil {
		slog.Error("not started", "error", err)
		os.Exit(1)
	}
	lambda.Start(func(ctx context.Context, event json.RawMessage) (any, error) {
		return app.Auth.HandleTrigger(ctx, event)
	})
}
