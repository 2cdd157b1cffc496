using System.Globalization;
using Vla.Runtime.Http;
using Vla.Runtime.Status;
using Vla.Sensors;

namespace Vla.Runtime.Pages;

/// <summary>
/// The cameras' pictures over HTTP, one at a time: each viewer asks for the next when it has shown the last.
/// </summary>
/// <remarks>
/// <c>?after=N</c> names the picture that the asker has; the answer is a newer one, or 204 when none came within a
/// quarter of a second. <c>X-Frame</c> is the picture's number, <c>X-Frame-Age-Ms</c> its age when the answer was made.
/// </remarks>
internal static class CameraEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var camera = app.MapGroup("/camera").WithTags("camera").WithRefusals();
        Map(camera, "raw.jpg", "picture", pictures => pictures.Raw);
        Map(camera, "policy.jpg", "picture as the policy gets it", pictures => pictures.Policy);
    }

    private static void Map(RouteGroupBuilder group, string file, string what, Func<CameraPictures, byte[]> choose)
    {
        Describe(
            group.MapGet(
                $"/{file}",
                (HttpContext context, PictureStudios studios, TimeProvider time, string? after) =>
                    Answer(context, studios, null, time, after, choose)
            ),
            $"The first camera's {what}"
        );
        Describe(
            group
                .MapGet(
                    $"/{{name}}/{file}",
                    (HttpContext context, PictureStudios studios, TimeProvider time, string name, string? after) =>
                        Answer(context, studios, name, time, after, choose)
                )
                .Produces<ErrorAnswer>(StatusCodes.Status404NotFound),
            $"A camera's {what}; name is the camera's"
        );
    }

    private static void Describe(RouteHandlerBuilder route, string summary) =>
        route
            .WithSummary(summary)
            .WithDescription(
                "after is the number of the picture that the asker has: the answer is a newer one, or 204 when none "
                    + "comes within a quarter of a second. X-Frame is the picture's number, X-Frame-Age-Ms its age."
            )
            .Produces<byte[]>(StatusCodes.Status200OK, "image/jpeg")
            .Produces(StatusCodes.Status204NoContent)
            .Produces<ErrorAnswer>(StatusCodes.Status400BadRequest)
            .Produces<ErrorAnswer>(StatusCodes.Status503ServiceUnavailable);

    private static async Task<IResult> Answer(
        HttpContext context,
        PictureStudios studios,
        string? name,
        TimeProvider time,
        string? after,
        Func<CameraPictures, byte[]> choose
    )
    {
        if (studios.Find(name) is not ({ } camera, { } studio))
            return HttpApi.Problem(
                StatusCodes.Status404NotFound,
                $"there is no camera of that name: there is {string.Join(", ", studios.Names)}"
            );
        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        if (!long.TryParse(after ?? "0", CultureInfo.InvariantCulture, out var shown))
            return HttpApi.Problem(
                StatusCodes.Status400BadRequest,
                $"after is '{after}': give the number of a picture, as X-Frame says it"
            );
        if (await studio.AfterAsync(shown, context.RequestAborted) is not { } pictures)
        {
            return after is null
                ? HttpApi.Problem(
                    StatusCodes.Status503ServiceUnavailable,
                    $"there is no picture: the {camera.Label} is {StatusJson.Name(camera.State)}"
                )
                : Results.NoContent();
        }

        var ageMs = (time.NowNs() - pictures.CapturedNs) / (double)MonotonicTime.NsPerMs;
        headers["X-Frame"] = pictures.Sequence.ToString(CultureInfo.InvariantCulture);
        headers["X-Frame-Age-Ms"] = ageMs.ToString("0.0", CultureInfo.InvariantCulture);
        return Results.Bytes(choose(pictures), "image/jpeg");
    }
}
