declare module 'texts:*' {
  const texts: Record<string, string>;
  export default texts;
}
declare module '*.geojson' {
  const data: unknown;
  export default data;
}
