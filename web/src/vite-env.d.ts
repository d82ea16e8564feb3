/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Where the gateways are, if not behind the page's own `/ws`; read when the page is built. */
  readonly VITE_GATEWAY_URL?: string;
}
