package lambda

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// fetchSecrets sets the environment variables of arns to the secrets that they name in AWS Secrets
// Manager, all at once. ECS does so for its tasks; Lambda does not, and its environment can be read by
// whoever may look at the function.
func fetchSecrets(ctx context.Context, arns map[string]string) error {
	if len(arns) == 0 {
		return nil
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return fmt.Errorf("SECRET_ARNS: %w", err)
	}
	client := secretsmanager.NewFromConfig(cfg)
	var fetching sync.WaitGroup
	failures := make(chan error, len(arns))
	for name, arn := range arns {
		fetching.Go(func() {
			out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn})
			switch {
			case err != nil:
				failures <- fmt.Errorf("the secret of %s: %w", name, err)
			case out.SecretString == nil:
				failures <- fmt.Errorf("the secret of %s is no text", name)
			default:
				failures <- os.Setenv(name, *out.SecretString)
			}
		})
	}
	fetching.Wait()
	close(failures)
	for failure := range failures {
		err = errors.Join(err, failure)
	}
	return err
}
