// What is global on the audio thread and missing from the types of the DOM.
declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort
}
declare function registerProcessor(
  name: string,
  processor: new (options: {
    readonly processorOptions: never
  }) => AudioWorkletProcessor & {
    process(inputs: readonly (readonly Float32Array[])[], outputs: readonly (readonly Float32Array[])[]): boolean
  },
): void
/** Hz. */
declare const sampleRate: number
/** Of the quantum that is being rendered. */
declare const currentFrame: number
