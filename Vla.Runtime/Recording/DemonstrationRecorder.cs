using System.Collections.Concurrent;
using System.Threading.Channels;
using Vla.Sensors.Datasets;
using Vla.Sensors.Simulation.Demonstrations;
using Vla.Sensors.Simulation.Drawing;

namespace Vla.Runtime.Recording;

/// <summary>Records demonstrations of the scripted expert, several at a time.</summary>
/// <remarks>
/// Each worker makes whole episodes, each from a seed of its own; one writer saves them in the order of their seeds. So
/// the dataset is the same however many workers there are, and wherever a recording was interrupted.
/// </remarks>
internal sealed record DemonstrationRecorder
{
    /// <summary>Pictures are drawn this large and shrunk, as the live camera's are for a policy that crops.</summary>
    private const int DrawnSize = 480;

    /// <summary>Seeds between one recording's seed and the next's.</summary>
    public const long SeedsApart = 100_000;

    public const int MostEpisodes = (int)SeedsApart;

    public const long LargestSeed = Demonstration.SeedLimit / SeedsApart - 1;

    public required int Episodes { get; init; }

    public required long Seed { get; init; }

    public required LevelMixture Levels { get; init; }

    public required int ImageSize { get; init; }

    public bool Noisy { get; init; } = true;

    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>What the episodes follow from.</summary>
    public DemonstrationRequest Request => new(Seed, Levels.Name, Noisy);

    /// <summary>Records until the dataset has all episodes.</summary>
    /// <param name="writer">May have some already.</param>
    /// <param name="saved">Is called after each saved episode.</param>
    /// <param name="cancellation">Ends it after the episode that is being saved.</param>
    public async Task RecordAsync(DatasetWriter writer, Action saved, CancellationToken cancellation)
    {
        // As many finished episodes may wait as there are workers; their order is that of the tasks in the channel.
        var episodes = Channel.CreateBounded<Task<EpisodeRecording>>(Workers);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var renderers = new ConcurrentBag<TabletopRenderer>();
        var producer = Task.Run(
            () => ProduceAsync(writer, episodes.Writer, renderers, stop.Token),
            CancellationToken.None
        );
        try
        {
            await foreach (var episode in episodes.Reader.ReadAllAsync(cancellation))
            {
                writer.Save(await episode);
                saved();
            }
        }
        finally
        {
            await stop.CancelAsync();
            await producer;
            while (episodes.Reader.TryRead(out var left))
                (await left).Dispose();
            foreach (var renderer in renderers)
                renderer.Dispose();
        }
    }

    private async Task ProduceAsync(
        DatasetWriter writer,
        ChannelWriter<Task<EpisodeRecording>> episodes,
        ConcurrentBag<TabletopRenderer> renderers,
        CancellationToken stop
    )
    {
        using var free = new SemaphoreSlim(Workers);
        var begun = new List<Task>();
        try
        {
            for (var index = writer.Episodes; index < Episodes; index++)
            {
                await free.WaitAsync(stop);
                var episode = index;
                var task = Task.Run(
                    () =>
                    {
                        try
                        {
                            return Make(writer, renderers, episode);
                        }
                        finally
                        {
                            free.Release();
                        }
                    },
                    CancellationToken.None
                );
                begun.Add(task);
                begun.RemoveAll(one => one.IsCompleted);
                try
                {
                    await episodes.WriteAsync(task, stop);
                }
                catch (OperationCanceledException)
                {
                    (await task).Dispose();
                    throw;
                }
            }

            episodes.Complete();
        }
        catch (OperationCanceledException)
        {
            episodes.Complete();
        }
        finally
        {
            await Task.WhenAll(begun).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private EpisodeRecording Make(DatasetWriter writer, ConcurrentBag<TabletopRenderer> renderers, int index)
    {
        if (!renderers.TryTake(out var renderer))
            renderer = new TabletopRenderer(ImageSize, ImageSize, DrawnSize, DrawnSize);
        var recording = writer.Begin();
        try
        {
            var demonstration = Demonstration.Begin(Seed * SeedsApart + index, Levels.Of(index), Noisy);
            DemonstrationFeatures.Record(demonstration, renderer, recording);
            return recording;
        }
        catch
        {
            recording.Dispose();
            throw;
        }
        finally
        {
            renderers.Add(renderer);
        }
    }
}
