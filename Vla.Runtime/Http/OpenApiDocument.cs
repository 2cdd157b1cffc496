using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Vla.Actors.Instructions;

namespace Vla.Runtime.Http;

/// <summary>The description of the HTTP API, at <c>/openapi/v1.json</c>.</summary>
internal static class OpenApiDocument
{
    private const string Version = "v1";
    private const string Path = "/openapi/{documentName}.json";

    public static void Add(IServiceCollection services, bool withToken)
    {
        // Schemas are named as the answers are.
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        services.AddOpenApi(
            Version,
            openApi =>
                openApi.AddDocumentTransformer(
                    (document, _, _) =>
                    {
                        document.Info = new OpenApiInfo
                        {
                            Title = "Vla",
                            Version = Version,
                            Description =
                                "Watch and steer the robot. Refusals are {\"error\": \"…\"} with what would be right.",
                        };
                        document.Servers = [];
                        if (withToken)
                            AddToken(document);
                        return Task.CompletedTask;
                    }
                )
        );
    }

    public static void Map(WebApplication app) => app.MapOpenApi(Path);

    /// <summary>Describes a body that is an instruction, as plain text or as JSON.</summary>
    /// <remarks>
    /// Said here and not by the handler, which takes any content type: <c>curl -d</c> sends a form's.
    /// </remarks>
    public static async Task DescribeInstruction(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellation
    )
    {
        var json = await context.GetOrCreateSchemaAsync(typeof(InstructionRequest), cancellationToken: cancellation);
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["text/plain"] = new()
                {
                    Schema = new OpenApiSchema
                    {
                        Type = JsonSchemaType.String,
                        MinLength = 1,
                        MaxLength = InstructionText.MaximumLength,
                    },
                },
                ["application/json"] = new() { Schema = json },
            },
        };
    }

    /// <summary>Describes the login page's form.</summary>
    public static Task DescribeLogin(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellation
    )
    {
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/x-www-form-urlencoded"] = new()
                {
                    Schema = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Object,
                        Properties = new Dictionary<string, IOpenApiSchema>
                        {
                            ["token"] = new OpenApiSchema { Type = JsonSchemaType.String },
                        },
                        Required = new HashSet<string> { "token" },
                    },
                },
            },
        };
        return Task.CompletedTask;
    }

    private static void AddToken(Microsoft.OpenApi.OpenApiDocument document)
    {
        const string name = "token";
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [name] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" },
        };
        document.Security =
        [
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(name, document)] = [] },
        ];
    }
}
