export { type ChaosProxy, type ChaosProxyOptions, chaosProxy, type Direction } from './chaos-proxy.js'
export { type ClientClosed, type ConnectOptions, RawClient, type SuiteClient } from './raw-client.js'
export { RecordedSession, RecordingMount } from './recording-mount.js'
export {
  type RunningTransport,
  type SuiteOptions,
  type TestApi,
  type TransportTraits,
  type TransportUnderTest,
  transportSuite,
} from './transport-suite.js'
