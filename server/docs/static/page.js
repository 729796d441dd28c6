// Shows the document of this server. No validator is asked: that would send the
// document's address to somebody else's host.
SwaggerUIBundle({
  url: "/api/openapi.yaml",
  dom_id: "#reference",
  validatorUrl: "none",
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  queryConfigEnabled: false,
  persistAuthorization: false,
  tryItOutEnabled: false,
});
