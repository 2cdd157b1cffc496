using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Vla.Tests.Runtime.Http;

public sealed class OpenApiDocumentTests
{
    private const string Path = "/openapi/v1.json";

    [Fact]
    public async Task Every_endpoint_is_described_with_what_it_takes_answers_and_refuses()
    {
        await using var rig = await ApiRig.StartAsync(withToken: true);
        var document = await rig.Client(ApiRig.Token).GetFromJsonAsync<JsonElement>(Path);
        var mapped = rig
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => !endpoint.RoutePattern.RawText!.StartsWith("/openapi/", StringComparison.Ordinal))
            .SelectMany(endpoint =>
                (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []).Select(method =>
                    (Path: endpoint.RoutePattern.RawText!.TrimEnd('/'), Method: method.ToLowerInvariant())
                )
            )
            .ToList();

        Assert.Contains(("/stop", "post"), mapped);
        Assert.All(
            mapped,
            endpoint =>
            {
                var operation = document.GetProperty("paths").GetProperty(endpoint.Path).GetProperty(endpoint.Method);
                Assert.NotEmpty(operation.GetProperty("summary").GetString()!);
                var answers = operation.GetProperty("responses");
                Assert.Contains(answers.EnumerateObject(), answer => answer.Name is "200" or "303");
                Assert.Contains(answers.EnumerateObject(), answer => answer.Name is "401" || endpoint.Path == "/login");
                Assert.All(
                    answers.EnumerateObject().Where(answer => answer.Value.TryGetProperty("content", out _)),
                    answer =>
                        Assert.All(
                            answer.Value.GetProperty("content").EnumerateObject(),
                            content => Assert.True(content.Value.TryGetProperty("schema", out _))
                        )
                );
            }
        );
    }

    [Fact]
    public async Task Schemas_are_spelled_as_the_answers_are()
    {
        await using var rig = await ApiRig.StartAsync(withToken: false);

        var document = await rig.Client().GetFromJsonAsync<JsonElement>(Path);

        var schemas = document.GetProperty("components").GetProperty("schemas");
        Assert.True(schemas.GetProperty("StatusReport").GetProperty("properties").TryGetProperty("latency_ms", out _));
        Assert.Equal(
            "number",
            schemas
                .GetProperty("StatusReport")
                .GetProperty("properties")
                .GetProperty("uptime_s")
                .GetProperty("type")
                .GetString()
        );
        Assert.True(schemas.GetProperty("ErrorAnswer").GetProperty("properties").TryGetProperty("error", out _));
        var body = document
            .GetProperty("paths")
            .GetProperty("/instruction")
            .GetProperty("post")
            .GetProperty("requestBody")
            .GetProperty("content");
        Assert.Equal(1000, body.GetProperty("text/plain").GetProperty("schema").GetProperty("maxLength").GetInt32());
        Assert.True(body.TryGetProperty("application/json", out _));
        Assert.False(document.TryGetProperty("security", out _));
    }

    [Fact]
    public async Task A_token_in_force_is_described_and_needed_for_the_description_too()
    {
        await using var rig = await ApiRig.StartAsync(withToken: true);

        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await rig.Client().GetAsync(Path)).StatusCode);
        var document = await rig.Client(ApiRig.Token).GetFromJsonAsync<JsonElement>(Path);
        Assert.Equal(
            "bearer",
            document
                .GetProperty("components")
                .GetProperty("securitySchemes")
                .GetProperty("token")
                .GetProperty("scheme")
                .GetString()
        );
    }
}
