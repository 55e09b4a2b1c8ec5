/** Web Audio renders 128 samples at a time; it may one day choose another size, up to this. */
export const MAX_QUANTUM = 1024
