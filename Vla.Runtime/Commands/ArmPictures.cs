using System.Diagnostics;
using System.Globalization;
using System.Text;
using OpenCvSharp;
using Vla.Runtime.Http;
using Vla.Runtime.ServoSimulation;

namespace Vla.Runtime.Commands;

/// <summary>A simulated arm's camera: Motion JPEG at <c>/arm.mjpg</c>, as a network camera gives it.</summary>
internal sealed class ArmPictures : IAsyncDisposable
{
    private const string Path = "/arm.mjpg";
    private const int Fps = 30;

    private readonly WebApplication _app;
    private readonly ReachingTask _task;

    private ArmPictures(WebApplication app, ReachingTask task) => (_app, _task) = (app, task);

    /// <summary>Begins to serve.</summary>
    /// <param name="text">The address, as given.</param>
    /// <param name="task">What is shown.</param>
    /// <exception cref="UsageException">The address cannot be used.</exception>
    public static async Task<ArmPictures> StartAsync(string text, ReachingTask task)
    {
        var address =
            HttpAddress.Parse(text) ?? throw new UsageException($"--http is '{text}': give http://127.0.0.1:PORT");
        var app = WebServer.Builder(address, token: null).Build();
        WebServer.UseGuards(app);
        var pictures = new ArmPictures(app, task);
        app.MapGet(Path, pictures.ServeAsync);
        try
        {
            await WebServer.ListenAsync(() => app.StartAsync(), $"{address}", "--http");
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        Console.WriteLine($"camera: {address.ToString().TrimEnd('/')}{Path}");
        return pictures;
    }

    public async ValueTask DisposeAsync()
    {
        // Whoever watches would be waited for.
        using var atOnce = new CancellationTokenSource(TimeSpan.FromSeconds(0.5));
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context)
    {
        context.Response.ContentType = "multipart/x-mixed-replace; boundary=picture";
        using var picture = new Mat();
        using var each = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / Fps));
        try
        {
            while (await each.WaitForNextTickAsync(context.RequestAborted))
            {
                ArmPicture.Draw(_task.Look(Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency), picture);
                Cv2.ImEncode(".jpg", picture, out var bytes, new ImageEncodingParam(ImwriteFlags.JpegQuality, 95));
                var header = string.Create(
                    CultureInfo.InvariantCulture,
                    $"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {bytes.Length}\r\n\r\n"
                );
                await context.Response.Body.WriteAsync(Encoding.ASCII.GetBytes(header), context.RequestAborted);
                await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
                await context.Response.Body.WriteAsync("\r\n"u8.ToArray(), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // The viewer has gone.
        }
    }
}
