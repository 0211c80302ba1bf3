// Signs a person in as a browser would, with AWS's own library, and prints the tokens, or the name of the refusal, as JSON.
// On its input: {"endpoint", "pool", "client", "name", "password"}, or "refreshToken" in the place of the password.
const { AuthenticationDetails, CognitoRefreshToken, CognitoUser, CognitoUserPool } = require('amazon-cognito-identity-js');

const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const pool = new CognitoUserPool({ UserPoolId: input.pool, ClientId: input.client, endpoint: input.endpoint });
const user = new CognitoUser({ Username: input.name, Pool: pool });
const print = (answer) => console.log(JSON.stringify(answer));
const refused = (error) => print({ error: error.code || String(error) });
const signedIn = (session) => print({
  accessToken: session.getAccessToken().getJwtToken(),
  idToken: session.getIdToken().getJwtToken(),
  refreshToken: session.getRefreshToken().getToken(),
});

if (input.refreshToken) {
  const token = new CognitoRefreshToken({ RefreshToken: input.refreshToken });
  user.refreshSession(token, (error, session) => (error ? refused(error) : signedIn(session)));
} else {
  // Cognito gives the migration trigger the password only in this flow: with the usual one (SRP) it never learns it.
  user.setAuthenticationFlowType('USER_PASSWORD_AUTH');
  user.authenticateUser(new AuthenticationDetails({ Username: input.name, Password: input.password }), {
    onSuccess: signedIn,
    onFailure: refused,
    newPasswordRequired: () => print({ error: 'newPasswordRequired' }),
  });
}
