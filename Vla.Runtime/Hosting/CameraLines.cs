using System.Globalization;
using Vla.Runtime.Status;

namespace Vla.Runtime.Hosting;

/// <summary>Says every second what each camera really gives: <c>vla cameras --preview</c>.</summary>
/// <param name="status">Read.</param>
/// <param name="time">The clock.</param>
/// <param name="say">Takes a line.</param>
internal sealed class CameraLines(StatusSource status, TimeProvider time, Action<string> say)
    : IHostedService,
        IDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private ITimer? _timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(_ => say(Words(status.Read().Cameras)), null, Again, Again);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();

    /// <summary>All cameras in a line.</summary>
    internal static string Words(IReadOnlyDictionary<string, NamedCameraStatus> cameras) =>
        string.Join(
            "   ",
            cameras.Select(camera =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{camera.Key} {camera.Value.Width}x{camera.Value.Height} {camera.Value.Hz:0.0} Hz"
                ) + (camera.Value.State == "streaming" ? "" : $" {camera.Value.State.Replace('_', ' ')}")
            )
        );
}
