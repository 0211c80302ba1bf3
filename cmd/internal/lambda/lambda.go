// Package lambda is the application as an AWS Lambda function: the same as the server, with the same
// database and settings; see .env.example. One function, or several of the same image, handle
//
//   - requests from an Application Load Balancer, an HTTP API of API Gateway (payload format 2.0) or a
//     function URL;
//   - the triggers of a Cognito user pool: the migration of users and the check of sign-ups;
//   - scheduled events of EventBridge, at each of which it does the jobs that are due, hands events of
//     the outbox to their consumers and sends mails that wait. Nothing else does so on Lambda, which
//     lets a process run only while it handles an event;
//   - notifications of S3 that an upload has arrived.
//
// Build it with `-tags lambda.norpc`. Set MIGRATE_ON_START=false, so that a cold start only has to
// connect to the database: Cognito waits for five seconds.
package lambda

import (
	"context"
	"log/slog"

	awslambda "github.com/aws/aws-lambda-go/lambda"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/kernel/observe"
)

// Main handles the events of AWS Lambda, which ends the process when it is done with it. It returns
// an exit status only if it cannot start. It ignores its arguments, which it has because the Main
// functions of all programs have the same signature.
func Main([]string) int {
	app, err := open(context.Background())
	if err != nil {
		slog.Error("not started", "error", err)
		return 1
	}
	f := function{api: app.Server, trigger: app.Auth.HandleTrigger, work: app.WorkOff,
		take: app.Media.TakeArrived}
	observe.StartDuration.Observe(observe.SinceStart(), "lambda")
	awslambda.Start(f.handle)
	return 0
}

func open(ctx context.Context) (*modules.App, error) {
	arns, err := config.SecretARNs()
	if err != nil {
		return nil, err
	}
	if err := fetchSecrets(ctx, arns); err != nil {
		return nil, err
	}
	cfg, err := config.Load()
	if err != nil {
		return nil, err
	}
	// The process is never asked to end.
	if _, err := observe.Start(cfg.LogLevel, cfg.LogFormat, cfg.Tracing()); err != nil {
		return nil, err
	}
	return modules.New(ctx, cfg, modules.WithoutStreams())
}
