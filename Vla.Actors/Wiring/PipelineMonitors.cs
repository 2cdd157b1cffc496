using Vla.Actors.Cameras;
using Vla.Actors.Observers;
using Vla.Actors.Policies;
using Vla.Actors.Stages;
using Vla.Sensors;
using Vla.Sensors.Observations;

namespace Vla.Actors.Wiring;

/// <summary>What is known of the pipeline from outside: one monitor for each actor that can fail, for status.</summary>
public sealed class PipelineMonitors
{
    private readonly TimeProvider _time;

    /// <param name="time">The clock.</param>
    /// <param name="steps">The policy's steps.</param>
    /// <param name="cameras">Their names; one without a name of its own when left out.</param>
    public PipelineMonitors(TimeProvider time, IReadOnlyList<PolicyStep> steps, IReadOnlyList<string>? cameras = null)
    {
        _time = time;
        cameras ??= [PictureNames.Unnamed];
        Cameras = [.. cameras.Select(name => new CameraMonitor(name, isOnly: cameras.Count == 1))];
        Steps = [.. steps.Select(step => (step, new StageMonitor(step.Stage, time)))];
        Stages = [.. Steps.Select(step => step.Monitor)];
        ByStep = Steps.ToDictionary(step => step.Step.Name, step => step.Monitor);
    }

    /// <summary>Every camera, in the order in which they were given.</summary>
    public IReadOnlyList<CameraMonitor> Cameras { get; }

    /// <summary>The first camera.</summary>
    public CameraMonitor Camera => Cameras[0];

    /// <summary>The policy's steps, each with the monitor of the stage that does it, in their order.</summary>
    public IReadOnlyList<(PolicyStep Step, StageMonitor Monitor)> Steps { get; }

    /// <summary>The policy's stages, in the order of its steps.</summary>
    public IReadOnlyList<StageMonitor> Stages { get; }

    /// <summary>What does each of the policy's steps.</summary>
    public IReadOnlyDictionary<string, StageMonitor> ByStep { get; }

    /// <summary>The last stage: what it has given is what the policy has given.</summary>
    public StageMonitor Last => Steps[^1].Monitor;

    /// <summary>Shows observers what cameras and stages do.</summary>
    public void ShowTo(ControllerObservers observers)
    {
        foreach (var camera in Cameras)
        {
            camera.FrameSeen = (sequence, capturedNs) =>
            {
                if (!observers.AreWanted(Sightings.Frames))
                    return;
                observers.Show(
                    new Sighting(Sightings.Frames, capturedNs, new FrameTaken(camera.Name, sequence, capturedNs))
                );
            };
            camera.Happened = Say;
        }

        foreach (var stage in Stages)
            stage.Happened = Say;

        void Say(string what) => observers.Show(new Sighting(Sightings.Events, _time.NowNs(), what));
    }
}
