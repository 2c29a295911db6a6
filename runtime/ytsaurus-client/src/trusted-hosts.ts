// Where calls, and the token with them, may go: the configured proxy, hosts below its domain, and other ports of one's own machine.

/** The origin of a host that the cluster named, `host[:port]`; null when it is not to be trusted. */
export function originOfHost(host: string, proxy: URL): string | null {
  const parsed = parse(`${proxy.protocol}//${host}`);
  if (parsed === null || !isTrusted(parsed, proxy)) return null;
  // Ports are told only where they are not the usual ones; a proxy on a port of its own has its fellows on the same.
  const port = parsed.port === '' && !/:\d+$/.test(host) ? proxy.port : parsed.port;
  return `${parsed.protocol}//${parsed.hostname}${port === '' ? '' : `:${port}`}`;
}

/** The target of a redirect; null when it is not to be trusted. */
export function redirectTarget(location: string, from: string, proxy: URL): URL | null {
  const parsed = parse(location, from);
  return parsed !== null && isTrusted(parsed, proxy) ? parsed : null;
}

function isTrusted(target: URL, proxy: URL): boolean {
  // The same protocol: a token that came by TLS must not go on without it.
  if (target.protocol !== proxy.protocol || target.username !== '' || target.password !== '') return false;
  const [host, own] = [target.hostname.toLowerCase(), proxy.hostname.toLowerCase()];
  return host === own || host.endsWith(`.${own}`) || (isLoopback(own) && isLoopback(host));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}

function parse(text: string, base?: string): URL | null {
  return URL.canParse(text, base) ? new URL(text, base) : null;
}
