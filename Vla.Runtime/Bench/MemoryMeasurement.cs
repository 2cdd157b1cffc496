namespace Vla.Runtime.Bench;

/// <summary>
/// What the pipeline at full speed, with the loop publishing, takes from the garbage collector and keeps of tensors.
/// </summary>
/// <remarks>
/// Allocation is that of the whole process over the time, so nothing is forgotten: stages, camera, publisher, loop and
/// what little the bench itself does meanwhile. Tensors are counted while the camera pauses and nothing is under way;
/// no garbage collection is asked for in between, so one that nobody disposed of shows. What others left to the
/// finalizer is cleared away first: it would vanish between the two counts.
/// </remarks>
internal sealed class MemoryMeasurement : IMeasurement
{
    private const double BytesPerMb = 1e6;
    private const double SettleSeconds = 0.2;

    public string Name => "memory";

    public double Share => 1;

    public async Task RunAsync(BenchContext context, BenchReport report)
    {
        using var load = new FullLoad();
        await using var pipeline = await BenchPipeline.StartAsync(context, load.Parts(context));
        await pipeline.WarmUpAsync();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var tensorsBefore = await load.CountIdleTensorsAsync(context, pipeline);
        await context.WaitAsync(SettleSeconds);

        context.Say("allocation at full speed", context.Seconds);
        var (frames, collections, bytes) = (
            pipeline.Decoded,
            GC.CollectionCount(2),
            GC.GetTotalAllocatedBytes(precise: true)
        );
        await context.WaitAsync(context.Seconds);
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        collections = GC.CollectionCount(2) - collections;
        frames = pipeline.Decoded - frames;

        pipeline.ThrowIfBroken();
        if (frames == 0)
            throw new BenchException("no action was decoded during the measurement: give it more --seconds");
        report.Memory = new MemoryFigures
        {
            AllocatedBytesPerFrame = bytes / (double)frames,
            Gen2Collections = collections,
            RssMb = Environment.WorkingSet / BytesPerMb,
            LiveTensorsBefore = tensorsBefore,
            LiveTensorsAfter = await load.CountIdleTensorsAsync(context, pipeline),
        };
    }
}
