// token: a driver's token signed with a private key at hand, for a sandbox. A production issuer keeps its key to itself.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { importJWK, SignJWT, type JWK } from 'jose';
import { parseProfile } from '../../machines/ids.ts';
import { mistake, print } from './output.ts';

interface TokenOptions {
  readonly park: string;
  readonly driver: string;
  readonly key: string;
  readonly issuer: string;
  readonly audience: string;
  readonly expires: string;
}

export function tokenCommand(): Command {
  return new Command('token')
    .description('print a driver token signed with a private JWK, such as the one that the demo makes')
    .requiredOption('--park <id>', 'park id')
    .requiredOption('--driver <id>', 'driver id')
    .option('--key <file>', 'private JWK (AUTH_SIGNING_KEY)', process.env['AUTH_SIGNING_KEY'] ?? 'data/demo/auth/private.jwk.json')
    .option('--issuer <iss>', 'the iss claim (AUTH_ISSUER)', process.env['AUTH_ISSUER'] ?? 'https://sandbox.invalid/issuer')
    .option('--audience <aud>', 'the aud claim (AUTH_AUDIENCE)', process.env['AUTH_AUDIENCE'] ?? 'contractor-mentorship')
    .option('--expires <time>', 'validity from now, as jose reads it', '24h')
    .action(async (options: TokenOptions) => print(await sign(options)));
}

async function sign({ park, driver, key, issuer, audience, expires }: TokenOptions): Promise<string> {
  const profile = parseProfile(park, driver);
  if (profile === null) throw mistake('--park, --driver: must be ids of up to 64 of 0-9, A-Z, a-z and -');
  const jwk = readKey(key);
  const alg = jwk.alg ?? 'ES256';
  return new SignJWT({ park_id: profile.parkId, driver_id: profile.driverId })
    .setProtectedHeader({ alg, ...(jwk.kid !== undefined && { kid: jwk.kid }) })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(expires)
    .sign(await importJWK(jwk, alg));
}

function readKey(file: string): JWK {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JWK;
  } catch (cause) {
    throw Object.assign(mistake(`--key: ${file} is not a readable private JWK; the demo makes one in its data directory`), { cause });
  }
}
