// The circuit breaker of one upstream: what counts as a failure and who hears of its state.
import { circuitBreaker, CircuitState, CountBreaker, handleWhenResult, type CircuitBreakerPolicy } from 'cockatiel';
import type { BreakerState } from '../operations.ts';
import type { CallPolicy } from './policy.ts';

const stateNames: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
};

/** `isOutage` judges an attempt's result; `onChange` hears of every state entered. */
export function createBreaker(
  policy: CallPolicy,
  isOutage: (result: unknown) => boolean,
  onChange: (state: BreakerState) => void,
): CircuitBreakerPolicy {
  // A throw is a caller that went away and says nothing about the upstream; but a probe that was abandoned must not close the circuit.
  const failures = handleWhenResult(isOutage).orWhen(() => breaker.state === CircuitState.HalfOpen);
  const breaker = circuitBreaker(failures, {
    halfOpenAfter: policy.breakerOpenMs,
    breaker: new CountBreaker({ threshold: 0.5, size: policy.breakerWindow, minimumNumberOfCalls: policy.breakerMinimum }),
  });
  breaker.onStateChange((state) => onChange(stateNames[state]));
  return breaker;
}
