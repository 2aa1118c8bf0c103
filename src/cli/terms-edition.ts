/** Which terms of use this build comes with; the build puts the values in. */
declare const __TERMS_VERSION__: string;
declare const __TERMS_DIGEST__: string;

export const TERMS_VERSION: string = __TERMS_VERSION__;

/** SHA-256 of TERMS.md, in hexadecimal. */
export const TERMS_DIGEST: string = __TERMS_DIGEST__;
