using System.Text;
using System.Text.Json;
using Vla.Runtime.Settings;
using Vla.Runtime.Simulation;
using Vla.Runtime.Status;

namespace Vla.Runtime.Http;

/// <summary>The simulated world over HTTP: <c>POST /world/episode</c> lays another table.</summary>
internal static class WorldApi
{
    public static void MapWorld(this IEndpointRouteBuilder api) =>
        api.MapPost("/world/episode", BeginAsync)
            .WithSummary("Lays the simulated tabletop's next table, or the one of a seed")
            .WithDescription(
                """The body may be {"seed": 7}, or nothing for the next table; its content type does not matter."""
            )
            .Produces<WorldStatus>()
            .Produces<ErrorAnswer>(StatusCodes.Status400BadRequest)
            .Produces<ErrorAnswer>(StatusCodes.Status409Conflict)
            .Produces<ErrorAnswer>(StatusCodes.Status413PayloadTooLarge);

    private static async Task<IResult> BeginAsync(
        HttpRequest request,
        IServiceProvider services,
        CancellationToken cancellation
    )
    {
        if (services.GetService<WorldEpisodes>() is not { } episodes)
            return HttpApi.Problem(
                StatusCodes.Status409Conflict,
                "there is no simulated world: start with --camera world"
            );

        using var body = new MemoryStream();
        try
        {
            await request.Body.CopyToAsync(body, cancellation);
            var seed = ReadSeed(body.ToArray());
            return seed is < 0 or > WorldSettings.LargestSeed
                ? HttpApi.Problem(
                    StatusCodes.Status400BadRequest,
                    $"seed is {seed}; allowed is 0 to {WorldSettings.LargestSeed}"
                )
                : Results.Json(WorldStatus.Of(episodes.Begin(seed)), StatusJson.Default.WorldStatus);
        }
        catch (JsonException)
        {
            return HttpApi.Problem(
                StatusCodes.Status400BadRequest,
                """the body is not the JSON expected: send {"seed": 7}, or nothing for the next table"""
            );
        }
        catch (BadHttpRequestException e)
        {
            return HttpApi.Unreadable(e);
        }
    }

    /// <summary>The table that a body asks for; null for the next.</summary>
    /// <exception cref="JsonException">It is not the JSON expected.</exception>
    internal static long? ReadSeed(byte[] body)
    {
        // As text: a byte order mark in front is not JSON, but is sent.
        var text = Encoding.UTF8.GetString(body).Trim('\ufeff', ' ', '\r', '\n', '\t');
        return text.Length == 0 ? null : JsonSerializer.Deserialize(text, ApiJson.Default.EpisodeRequest)?.Seed;
    }
}

/// <summary>Body of <c>POST /world/episode</c>; all of it may be left out.</summary>
/// <param name="Seed">Which table; null for the next.</param>
internal sealed record EpisodeRequest(long? Seed);
