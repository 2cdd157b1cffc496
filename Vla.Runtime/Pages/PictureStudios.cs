using Vla.Actors.Cameras;
using Vla.Sensors.Images;

namespace Vla.Runtime.Pages;

/// <summary>A <see cref="PictureStudio"/> for each camera.</summary>
internal sealed class PictureStudios : IHostedService, IDisposable
{
    private readonly (CameraMonitor Camera, PictureStudio Studio)[] _all;

    /// <param name="cameras">The first is the one that nobody has to name.</param>
    /// <param name="imageOf">The picture that the policy gets of a camera.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it is said that pictures cannot be shown.</param>
    public PictureStudios(
        IReadOnlyList<CameraMonitor> cameras,
        Func<string, ImageSpec> imageOf,
        TimeProvider time,
        ILogger<PictureStudio> logger
    ) => _all = [.. cameras.Select(camera => (camera, new PictureStudio(camera, imageOf(camera.Name), time, logger)))];

    /// <summary>What the cameras are called.</summary>
    public IEnumerable<string> Names => _all.Select(one => one.Camera.Name);

    /// <param name="name">Of the camera; null for the first.</param>
    /// <returns>Null when there is no camera of that name.</returns>
    public (CameraMonitor Camera, PictureStudio Studio)? Find(string? name)
    {
        var place = name is null ? 0 : Array.FindIndex(_all, one => one.Camera.Name == name);
        return place < 0 ? null : _all[place];
    }

    public Task StartAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_all.Select(one => one.Studio.StartAsync(cancellationToken)));

    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_all.Select(one => one.Studio.StopAsync(cancellationToken)));

    public void Dispose()
    {
        foreach (var (_, studio) in _all)
            studio.Dispose();
    }
}
