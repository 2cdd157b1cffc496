using Vla.Runtime.Hosting;
using Vla.Runtime.Recording;
using Vla.Runtime.Status;

namespace Vla.Runtime.Http;

/// <summary>Episodes that are recorded one after the other, over HTTP: <c>POST /record/next</c> and so on.</summary>
internal static class EpisodesApi
{
    public static void MapEpisodes(this IEndpointRouteBuilder api)
    {
        foreach (var (word, command, summary) in Commands)
        {
            api.MapPost($"/record/{word}", (IServiceProvider services) => Ask(services, command))
                .WithSummary(summary)
                .WithDescription("Counts from the next action on; /status says how the recording stands.")
                .Produces<SessionProgress>()
                .Produces<ErrorAnswer>(StatusCodes.Status409Conflict);
        }
    }

    private static readonly (string Word, EpisodeCommand Command, string Summary)[] Commands =
    [
        ("next", EpisodeCommand.Next, "Keeps the episode under way; between episodes, begins the next"),
        ("again", EpisodeCommand.Again, "Records the episode again; between episodes, takes back the one before"),
        ("failed", EpisodeCommand.Failed, "Keeps the episode under way as one that failed"),
        ("end", EpisodeCommand.End, "Keeps the episode under way, and ends the program"),
    ];

    private static IResult Ask(IServiceProvider services, EpisodeCommand command)
    {
        if (
            services.GetService<OperatorDesk>() is not { HasSession: true } desk
            || services.GetRequiredService<StatusSource>().Read().Recording?.Session is not { } session
        )
            return HttpApi.Problem(
                StatusCodes.Status409Conflict,
                "no episodes are recorded one after the other: start with ./vla record --teleop or --policy"
            );
        desk.Ask(command);
        return Results.Json(session, StatusJson.Default.SessionProgress);
    }
}
