import { createRequire } from 'node:module'
import speech from '@google-cloud/speech'
import textToSpeech from '@google-cloud/text-to-speech'
import {
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceClientConstructor,
  type sendUnaryData,
} from '@grpc/grpc-js'
import { fromJSON, type Options } from '@grpc/proto-loader'
import type { GoogleClientOptions, GoogleSpeechSdk, GoogleTextToSpeechSdk } from '../../adapters/providers/google.js'
import type { ServerSide } from '../fixtures/providers/google/call.js'
import { FakeGoogle, type Method } from '../fixtures/providers/google/fake-google.js'
import type { GoogleBench } from '../fixtures/providers/google/rows.js'
import type { SynthesizeRequest } from '../fixtures/providers/google/synthesise.js'

/** What the adapter says of the packages is what they are. */
const packages: { readonly stt: GoogleSpeechSdk; readonly tts: GoogleTextToSpeechSdk } = {
  stt: speech,
  tts: textToSpeech,
}

const require = createRequire(import.meta.url)
const encoding: Options = { longs: String, enums: String, defaults: false, oneofs: true }

/** The fake behind a real gRPC server that speaks by the messages of Google's own packages. */
export class GoogleServer {
  readonly fake = new FakeGoogle()
  private readonly server = new Server()
  private port = 0

  constructor() {
    this.serve('@google-cloud/speech', ['speech', 'v1', 'Speech'], {
      streamingRecognize: this.stream('recogniseV1'),
    })
    this.serve('@google-cloud/speech', ['speech', 'v2', 'Speech'], {
      streamingRecognize: this.stream('recogniseV2'),
    })
    this.serve('@google-cloud/text-to-speech', ['texttospeech', 'v1', 'TextToSpeech'], {
      streamingSynthesize: this.stream('streamingSynthesize'),
      synthesizeSpeech: (
        { request }: ServerUnaryCall<SynthesizeRequest, object>,
        answer: sendUnaryData<object>,
      ): void => {
        const result = this.fake.answer(request)
        if (Buffer.isBuffer(result)) answer(null, { audioContent: result })
        else if (result) answer(result)
      },
    })
  }

  async listen(): Promise<this> {
    this.port = await new Promise((resolve, reject) => {
      this.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error) reject(error)
        else resolve(port)
      })
    })
    return this
  }

  close(): void {
    this.server.forceShutdown()
  }

  get clientOptions(): GoogleClientOptions {
    return optionsFor(this.port)
  }

  get bench(): GoogleBench {
    // Nobody listens there.
    const unreachable = optionsFor(1)
    const shared = { projectId: 'project', stt: { sdk: packages.stt }, tts: { sdk: packages.tts } }
    return {
      fake: this.fake,
      options: { ...shared, clientOptions: this.clientOptions },
      unreachable: { ...shared, clientOptions: unreachable },
    }
  }

  private serve(name: string, path: readonly string[], methods: Parameters<Server['addService']>[1]): void {
    const messages = loadPackageDefinition(fromJSON(require(`${name}/build/protos/protos.json`), encoding))
    const found = ['google', 'cloud', ...path].reduce((at, part) => at[part] as GrpcObject, messages)
    this.server.addService((found as unknown as ServiceClientConstructor).service, methods)
  }

  private stream(method: Method): (call: ServerDuplexStream<object, object>) => void {
    return call => this.fake.accept(method, sideOf(call))
  }
}

function optionsFor(port: number): GoogleClientOptions {
  return { apiEndpoint: '127.0.0.1', port, sslCreds: credentials.createInsecure() }
}

function sideOf(call: ServerDuplexStream<object, object>): ServerSide {
  return {
    on: (event: string, listener: (request: unknown) => void) => call.on(event, listener),
    write: response => call.write(response),
    end: () => call.end(),
    fail: status => call.emit('error', status),
    pause: () => call.pause(),
    resume: () => call.resume(),
  }
}
