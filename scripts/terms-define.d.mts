export declare function termsDefine(root: string): {
  readonly __TERMS_VERSION__: string;
  readonly __TERMS_DIGEST__: string;
  readonly __TERMS_TEXT__: string;
};
