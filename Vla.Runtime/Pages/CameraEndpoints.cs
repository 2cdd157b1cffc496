using System.Globalization;
using Vla.Actors.Cameras;
using Vla.Runtime.Http;
using Vla.Runtime.Status;
using Vla.Sensors;

namespace Vla.Runtime.Pages;

/// <summary>The camera's pictures over HTTP, one at a time: each viewer asks for the next when it has shown the last.</summary>
/// <remarks>
/// <c>?after=N</c> names the picture that the asker has; the answer is a newer one, or 204 when none came within a
/// quarter of a second. <c>X-Frame</c> is the picture's number, <c>X-Frame-Age-Ms</c> its age when the answer was made.
/// </remarks>
internal static class CameraEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/camera/raw.jpg", (HttpContext context, PictureStudio studio, CameraMonitor camera, TimeProvider time, long? after) =>
            Answer(context, studio, camera, time, after, pictures => pictures.Raw));
        app.MapGet("/camera/policy.jpg", (HttpContext context, PictureStudio studio, CameraMonitor camera, TimeProvider time, long? after) =>
            Answer(context, studio, camera, time, after, pictures => pictures.Policy));
    }

    private static async Task<IResult> Answer(
        HttpContext context, PictureStudio studio, CameraMonitor camera, TimeProvider time, long? after, Func<CameraPictures, byte[]> choose)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        if (await studio.AfterAsync(after ?? 0, context.RequestAborted) is not { } pictures)
        {
            return after is null
                ? HttpApi.Problem(StatusCodes.Status503ServiceUnavailable, $"there is no picture: the camera is {StatusJson.Name(camera.State)}")
                : Results.NoContent();
        }

        var ageMs = (time.NowNs() - pictures.CapturedNs) / (double)MonotonicTime.NsPerMs;
        headers["X-Frame"] = pictures.Sequence.ToString(CultureInfo.InvariantCulture);
        headers["X-Frame-Age-Ms"] = ageMs.ToString("0.0", CultureInfo.InvariantCulture);
        return Results.Bytes(choose(pictures), "image/jpeg");
    }
}
