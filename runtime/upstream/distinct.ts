// Each profile once: upstreams are not asked twice for one driver, and a person lists a profile once.
import { profileKey, type Profile } from '../../machines/ids.ts';

/** In the order of first appearance. */
export function distinctProfiles(profiles: readonly Profile[]): Profile[] {
  return [...new Map(profiles.map((profile) => [profileKey(profile), profile])).values()];
}
