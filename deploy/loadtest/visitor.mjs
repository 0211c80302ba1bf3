// What a visitor is, for the scenarios: each has an address and a browser of its own.

const browsers = [
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
];

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const octet = () => 1 + Math.floor(Math.random() * 254);

// Gives the visitor an address in the network for benchmarks (RFC 2544), which the server believes where this
// machine is one of its TRUSTED_PROXIES, and a browser. A load balancer puts the real address behind it,
// which then counts.
export async function arrive(context) {
  context.vars.address = `198.${pick([18, 19])}.${octet()}.${octet()}`;
  context.vars.browser = pick(browsers);
}

// Sends them with each request, and asks for what browsers ask for.
export async function asBrowser(request, context) {
  request.headers = {
    "x-forwarded-for": context.vars.address,
    "user-agent": context.vars.browser,
    "accept-language": "ja,en;q=0.8",
    ...request.headers,
  };
}

// A key under which the server does a POST only once.
export async function newKey(context) {
  context.vars.key = crypto.randomUUID();
}
