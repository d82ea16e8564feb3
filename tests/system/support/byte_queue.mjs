// Bytes that came in pieces. Large messages are put together once, when all of them is there.
export class ByteQueue {
  #chunks = [];
  length = 0;

  push(chunk) {
    this.#chunks.push(chunk);
    this.length += chunk.length;
  }

  // The first `count` bytes, which stay; null while there are fewer.
  peek(count) {
    if (this.length < count) {
      return null;
    }
    if (count > 0 && this.#chunks[0].length < count) {
      this.#chunks = [Buffer.concat(this.#chunks)];
    }
    return count > 0 ? this.#chunks[0].subarray(0, count) : Buffer.alloc(0);
  }

  take(count) {
    const taken = this.peek(count);
    if (taken && count > 0) {
      this.#chunks[0] = this.#chunks[0].subarray(count);
      this.length -= count;
      if (this.#chunks[0].length === 0) {
        this.#chunks.shift();
      }
    }
    return taken;
  }
}
