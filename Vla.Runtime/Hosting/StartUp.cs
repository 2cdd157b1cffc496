using Vla.Actors.Cameras;
using Vla.Actors.Policies;
using Vla.Actors.Stages;
using Vla.Actors.Wiring;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Hosting;

/// <summary>
/// Waits until everything that can fail at the start has succeeded: every camera has given a picture, every stage is
/// loaded.
/// </summary>
/// <remarks>
/// Nothing is published before: what cannot start must not speak to a robot that somebody else may be driving.
/// </remarks>
internal static class StartUp
{
    /// <summary>Longer than a camera's own read timeout, and than a stream takes to its first whole picture.</summary>
    public static readonly TimeSpan FirstPictureBound = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(10);

    /// <param name="monitors">Of the pipeline, which has been started.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ended">Ends the waiting: the run is over before it began.</param>
    /// <exception cref="CameraException">There is no picture, and why.</exception>
    /// <exception cref="PolicyException">A stage cannot be loaded, and why.</exception>
    public static async Task WaitAsync(PipelineMonitors monitors, TimeProvider time, CancellationToken ended)
    {
        var began = time.GetTimestamp();
        while (!ended.IsCancellationRequested && !(HavePictures(monitors.Cameras) & AreLoaded(monitors.Stages)))
        {
            if (
                monitors.Cameras.FirstOrDefault(camera => camera.Frames == 0) is { } silent
                && time.GetElapsedTime(began) > FirstPictureBound
            )
                throw new CameraException(
                    $"camera '{silent.Description?.Name}' gave no picture within {FirstPictureBound.TotalSeconds:0} s"
                );
            await Task.Delay(Glance, time, CancellationToken.None);
        }
    }

    private static bool HavePictures(IReadOnlyList<CameraMonitor> cameras) =>
        cameras.Count(HasPicture) == cameras.Count;

    private static bool HasPicture(CameraMonitor camera)
    {
        if (camera.Frames > 0)
            return true;
        return camera.State is CameraState.Lost or CameraState.Ended
            ? throw new CameraException(camera.LastError ?? "the camera gave no picture")
            : false;
    }

    private static bool AreLoaded(IReadOnlyList<StageMonitor> stages)
    {
        if (stages.FirstOrDefault(stage => stage.LastError is not null) is { } broken)
            throw new PolicyException($"the {broken.Name} cannot be loaded: {broken.LastError}");
        return stages.All(stage => stage.State == StageState.Running);
    }
}
