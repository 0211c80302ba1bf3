package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"
	gomail "github.com/wneessen/go-mail"
)

// sesConnectTime is the longest time for connecting to Amazon SES.
const sesConnectTime = 5 * time.Second

// ses is Amazon SES, by its API of version 2. The credentials need ses:SendRawEmail (which SendEmail asks for
// too when the mail is given as a whole) and, in newer accounts, ses:SendEmail. SES replaces the Message-ID.
type ses struct {
	client           *sesv2.Client
	configurationSet *string
}

// newSES returns the target that the parameters of the setting URL describe. It connects to nothing.
func newSES(query string) (target, error) {
	params, err := url.ParseQuery(query)
	if err != nil {
		return nil, errors.New("what follows the question mark cannot be read")
	}
	s := &ses{}
	// The queue tries again itself; a second request of the SDK's own could send a mail twice.
	options := []func(*config.LoadOptions) error{
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
		config.WithHTTPClient(awshttp.NewBuildableClient().
			WithDialerOptions(func(d *net.Dialer) { d.Timeout = sesConnectTime }).
			WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = attemptTimeout })),
	}
	endpoint := ""
	for name, values := range params {
		value := values[0]
		switch name {
		case "region":
			options = append(options, config.WithRegion(value))
		case "configuration-set":
			s.configurationSet = aws.String(value)
		case "endpoint":
			endpoint = value
			if e, err := url.Parse(value); err != nil || e.Scheme != "http" && e.Scheme != "https" || e.Host == "" {
				return nil, errors.New("the endpoint of ses: is no address")
			}
		default:
			return nil, errors.New("ses: has the parameters region, configuration-set and endpoint")
		}
	}
	cfg, err := config.LoadDefaultConfig(context.Background(), options...)
	if err != nil {
		return nil, fmt.Errorf("the settings of SES: %w", err)
	}
	if cfg.Region == "" {
		return nil, errors.New("the region of SES is not set: add ?region=…, or set AWS_REGION")
	}
	s.client = sesv2.NewFromConfig(cfg, func(o *sesv2.Options) {
		if endpoint != "" {
			o.BaseEndpoint = aws.String(endpoint)
		}
	})
	return s, nil
}

// encoding returns the same as that of a mail server.
func (*ses) encoding(japanese bool) gomail.Encoding { return (*server)(nil).encoding(japanese) }

// send hands SES the mail as a whole, as SMTP does.
func (s *ses) send(ctx context.Context, msg *gomail.Msg, _ string) error {
	var raw bytes.Buffer
	if _, err := msg.WriteTo(&raw); err != nil {
		return errors.New("the mail cannot be written")
	}
	_, err := s.client.SendEmail(ctx, &sesv2.SendEmailInput{
		Content:              &types.EmailContent{Raw: &types.RawMessage{Data: raw.Bytes()}},
		Destination:          &types.Destination{ToAddresses: []string{recipientOf(msg)}},
		ConfigurationSetName: s.configurationSet,
	})
	if err == nil {
		return nil
	}
	return sesFailure(err)
}

// sesFailure returns an error that describes why SES did not take a mail, by its code alone: its texts
// repeat addresses. What concerns all mails, such as throttling, a paused account or missing credentials, is
// an outage. A rejected mail is refused, unless the rejection is about an identity that is not verified,
// which somebody may correct.
func sesFailure(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		var response *awshttp.ResponseError
		if errors.As(err, &response) && response.HTTPStatusCode() >= 300 {
			return outage{fmt.Errorf("SES answers %d", response.HTTPStatusCode())}
		}
		return outage{errors.New("SES cannot be reached, or there are no credentials for it")}
	}
	code := api.ErrorCode()
	described := fmt.Errorf("SES: %s", code)
	switch code {
	case "MessageRejected":
		if strings.Contains(api.ErrorMessage(), "not verified") {
			return fmt.Errorf("%w: an identity is not verified", described)
		}
		return refused{described, ""}
	case "BadRequestException":
		return refused{described, ""}
	case "ValidationException", "SerializationException":
		return described
	}
	// TooManyRequestsException, LimitExceededException, SendingPausedException, AccountSuspendedException,
	// MailFromDomainNotVerifiedException, NotFoundException (the configuration set), all that is about
	// credentials, and failures of SES itself.
	return outage{described}
}
