using Vla.Sensors.Cameras;

namespace Vla.Runtime.Hosting;

/// <summary>
/// Opens the cameras, all at the same time and each on a thread of its own, so that one that hangs holds up neither the
/// end of the run nor its error.
/// </summary>
internal static class CameraOpening
{
    /// <summary>
    /// Longer than any camera's own deadlines: what takes longer hangs where none of them counts, as in a driver.
    /// </summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>Opens all.</summary>
    /// <param name="cameras">What to call each, and what opens it.</param>
    /// <param name="duration">How long the run is to last; 0 for no end.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">The run is told to end.</param>
    /// <returns>In the same order; null when the run was told to end meanwhile.</returns>
    /// <exception cref="CameraException">The first that cannot be opened, or does not in time; the others are
    /// closed.</exception>
    public static async Task<ICamera?[]?> OpenAllAsync(
        IEnumerable<(string Name, Func<ICamera> Open)> cameras,
        TimeSpan duration,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        Task<ICamera?>[] opening =
        [
            .. cameras.Select(camera => OpenAsync(camera.Open, camera.Name, duration, time, cancellation)),
        ];
        try
        {
            await foreach (var opened in Task.WhenEach(opening))
                await opened;
            if (Array.TrueForAll(opening, opened => opened.Result is not null))
                return [.. opening.Select(opened => opened.Result)];
        }
        catch
        {
            foreach (var other in opening)
                Abandon(other);
            throw;
        }

        foreach (var other in opening)
            Abandon(other);
        return null;
    }

    /// <param name="open">Opens the camera; may hang.</param>
    /// <param name="name">What to call the camera.</param>
    /// <param name="duration">How long the run is to last; 0 for no end.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">The run is told to end.</param>
    /// <returns>The opened camera; null when the run was told to end meanwhile.</returns>
    /// <exception cref="CameraException">It cannot be opened, or neither opens nor fails in time.</exception>
    public static async Task<ICamera?> OpenAsync(
        Func<ICamera> open,
        string name,
        TimeSpan duration,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var opening = new TaskCompletionSource<ICamera>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Open(open, opening)) { Name = "camera-opening", IsBackground = true }.Start();

        var endsFirst = duration > TimeSpan.Zero && duration < Limit;
        try
        {
            return await opening.Task.WaitAsync(endsFirst ? duration : Limit, time, cancellation);
        }
        catch (TimeoutException)
        {
            Abandon(opening.Task);
            throw new CameraException(
                endsFirst
                    ? $"camera '{name}' had not opened when the run's time of {duration.TotalSeconds:0.###} s was over"
                    : $"camera '{name}' neither opens nor fails in {Limit.TotalSeconds:0} s: its device, driver or "
                        + "file system hangs; unplug it and plug it in again"
            );
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Abandon(opening.Task);
            return null;
        }
    }

    private static void Open(Func<ICamera> open, TaskCompletionSource<ICamera> opening)
    {
        try
        {
            opening.SetResult(open());
        }
        catch (Exception exception)
        {
            opening.SetException(exception);
        }
    }

    /// <summary>Closes the camera if it comes after all; why it does not come no longer matters.</summary>
    private static void Abandon<T>(Task<T> opening)
        where T : ICamera? =>
        opening.ContinueWith(
            late =>
            {
                if (late.IsCompletedSuccessfully)
                    late.Result?.Dispose();
                else
                    _ = late.Exception;
            },
            TaskScheduler.Default
        );
}
