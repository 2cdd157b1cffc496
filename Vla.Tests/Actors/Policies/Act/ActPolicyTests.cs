using System.Globalization;
using Vla.Actors.Chunks;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Act;
using Vla.Actors.Policies.LeRobot;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.Act;

/// <summary>What an ACT directory is as a policy, and what it takes from the robot that it is to drive.</summary>
public sealed class ActPolicyTests : IDisposable
{
    private static readonly string[] Joints = ["pan", "lift", "elbow", "flex", "roll", "grip"];

    private static readonly RobotNaming Arm = new()
    {
        Who = "the robot profile 'arm'",
        ActionNames = Joints,
        ActionUnits = ["rad", "rad", "rad", "rad", "rad", "1"],
        StateNames = [.. Joints.Select(joint => $"{joint}.now")],
        StateUnits = ["rad", "rad", "rad", "rad", "rad", "1"],
        StepMs = 50,
    };

    private readonly TemporaryDirectory _directory = new TemporaryDirectory().With(TestData.Path("act/tiny"));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_directory_as_LeRobot_saved_it_is_a_policy()
    {
        var policy = PolicyFamilies.Load(_directory.Path);

        Assert.IsType<ActPolicy>(policy);
        Assert.Equal(["front", "wrist"], policy.Pictures);
        Assert.Equal((96, 128), (policy.ImageOf("wrist").Height, policy.ImageOf("wrist").Width));
        Assert.Equal((6, 6, 20), (policy.State.Dimensions, policy.Action.Dimensions, policy.Action.Horizon));
        Assert.Equal((8, ChunkBlend.Switch), (policy.Action.Execution.Execute, policy.Action.Execution.Blend));
        Assert.Equal(["look", "plan"], policy.Steps.Select(step => step.Name));
        Assert.False(policy.TakesWords);
        Assert.Null(policy.ReadWords("anything"));
        Assert.Equal(303_742, policy.Parameters);
    }

    [Fact]
    public void Pictures_are_scaled_as_the_checkpoint_says()
    {
        var image = PolicyFamilies.Load(_directory.Path).ImageOf("front");

        Assert.Equal([0.485f, 0.456f, 0.406f], image.Mean);
        Assert.Equal([0.229f, 0.224f, 0.225f], image.Std.Select(std => MathF.Round(std, 6)));
    }

    [Fact]
    public void Cameras_may_be_of_different_sizes()
    {
        var config = _directory.File("config.json");
        var text = File.ReadAllText(config);
        var wrist = text.IndexOf("observation.images.wrist", StringComparison.Ordinal);
        File.WriteAllText(config, text[..wrist] + text[wrist..].Replace("96", "48", StringComparison.Ordinal));

        var policy = PolicyFamilies.Load(_directory.Path);

        Assert.Equal((96, 48), (policy.ImageOf("front").Height, policy.ImageOf("wrist").Height));
    }

    [Fact]
    public void Names_units_and_step_are_the_robots_where_the_checkpoint_has_none()
    {
        var policy = PolicyFamilies.Load(_directory.Path).Driving(Arm);

        Assert.Equal(Joints, policy.Action.Names);
        Assert.Equal(Arm.ActionUnits, policy.Action.Units);
        Assert.Equal(Arm.StateNames, policy.State.Names);
        Assert.Equal(50, policy.Action.StepMs);
        Assert.Contains("the actions of its chunks are 50 ms apart, from the robot profile 'arm'", policy.Remarks);
    }

    [Fact]
    public void The_checkpoints_own_names_come_first_and_take_the_robots_units_by_name()
    {
        _directory.Write(
            "vla_names.json",
            """
            {
              "action": { "names": ["a", "grip", "c", "d", "e", "f"] },
              "state": { "names": ["1", "2", "3", "4", "5", "6"], "units": ["m", "m", "m", "m", "m", "m"] },
              "step_ms": 20
            }
            """u8.ToArray()
        );

        var policy = PolicyFamilies.Load(_directory.Path).Driving(Arm);

        Assert.Equal(["a", "grip", "c", "d", "e", "f"], policy.Action.Names);
        Assert.Equal(["1", "1", "1", "1", "1", "1"], policy.Action.Units);
        Assert.Equal(["m", "m", "m", "m", "m", "m"], policy.State.Units);
        Assert.Equal(20, policy.Action.StepMs);
    }

    [Theory]
    [InlineData("""{ "env": { "fps": 25 } }""", null, 40.0, "train_config.json (env.fps)")]
    [InlineData(
        """{ "dataset": { "fps": 10 }, "env": { "fps": 25 } }""",
        null,
        100.0,
        "train_config.json (dataset.fps)"
    )]
    [InlineData("""{ "dataset": { "repo_id": "a/b" }, "env": null }""", null, 50.0, "the robot profile 'arm'")]
    [InlineData("""{ "env": { "fps": 25 } }""", 30.0, 30.0, "the setting policyStepMs")]
    public void The_time_of_a_step_is_taken_from_the_first_that_says_it(
        string training,
        double? given,
        double stepMs,
        string source
    )
    {
        File.WriteAllText(_directory.File("train_config.json"), training);

        var policy = PolicyFamilies.Load(_directory.Path).Driving(Arm with { GivenStepMs = given });

        Assert.Equal(stepMs, policy.Action.StepMs);
        Assert.Contains(policy.Remarks, remark => remark.EndsWith(source, StringComparison.Ordinal));
    }

    [Fact]
    public void A_step_that_nobody_tells_is_asked_for_with_the_mend()
    {
        var policy = PolicyFamilies.Load(_directory.Path);

        var error = Assert.Throws<PolicyException>(() => policy.Driving(Arm with { StepMs = null }));

        Assert.Contains(
            "nothing says how far apart the actions of a chunk are: give --policy-step MS",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_robot_with_another_number_of_values_is_named_with_both()
    {
        var policy = PolicyFamilies.Load(_directory.Path);

        var actions = Assert.Throws<PolicyException>(() =>
            policy.Driving(Arm with { ActionNames = ["x", "y"], ActionUnits = ["m", "m"] })
        );
        var state = Assert.Throws<PolicyException>(() =>
            policy.Driving(Arm with { StateNames = ["x"], StateUnits = ["m"] })
        );

        Assert.Contains(
            "action has 6 numbers without names, and the robot profile 'arm' has 2 (x y)",
            actions.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "observation.state has 6 numbers without names, and the robot profile 'arm' has 1 (x)",
            state.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("""{ "action": { "names": ["a"] } }""", "action.names is [\"a\"], allowed is a list of 6 texts")]
    [InlineData(
        """{ "action": { "names": ["a", "a", "b", "c", "d", "e"] } }""",
        "action.names is \"a\" twice, allowed is each name once"
    )]
    [InlineData(
        """{ "environment_state": { "names": ["a"] } }""",
        "environment_state is there, allowed is nothing: the policy has no such feature"
    )]
    [InlineData("""{ "step": 20 }""", "unknown key 'step'")]
    [InlineData("""{ "step_ms": 0 }""", "step_ms is 0, allowed is 0.1 to 60000")]
    [InlineData("[1]", "the file is [1], allowed is an object")]
    public void A_wrong_file_of_names_is_refused_by_key(string text, string message)
    {
        File.WriteAllText(_directory.File("vla_names.json"), text);

        var error = Assert.Throws<PolicyException>(() => PolicyFamilies.Load(_directory.Path));

        Assert.Contains("vla_names.json: " + message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_coefficient_blends_whole_chunks_and_the_queue_carries_out_its_steps()
    {
        _directory.Edit("config.json", "\"temporal_ensemble_coeff\": null", "\"temporal_ensemble_coeff\": 0.02");
        _directory.Edit("config.json", "\"n_action_steps\": 8", "\"n_action_steps\": 1");

        var execution = PolicyFamilies.Load(_directory.Path).Action.Execution;

        Assert.Equal(
            (ChunkBlend.Ensemble, 0.02, true),
            (execution.Blend, execution.EnsembleDecay, execution.EnsemblesWholeChunks)
        );
        Assert.Null(execution.Execute);
    }

    [Theory]
    [InlineData("observation.images.front", "front")]
    [InlineData("observation.images.cam_high", "cam_high")]
    [InlineData("observation.image", "image")]
    [InlineData("observation.images.cam.left-1", "cam_left_1")]
    [InlineData("observation.images.0", "camera_0")]
    public void A_picture_is_called_as_its_camera(string key, string name) =>
        Assert.Equal(name, LeRobotPictures.NameOf(key));

    [Fact]
    public void The_range_of_actions_is_that_of_the_training_or_what_mean_and_spread_say()
    {
        var policy = PolicyFamilies.Load(_directory.Path);

        Assert.Equal("the smallest and largest actions of its training", policy.Range!.Source);
        Assert.Equal(-63.3f, policy.Range.Lowest[0]);
        Assert.Equal(68.7f, policy.Range.Highest[0]);
        var spread = ActionRange.OfSpread([1f], [2f]);
        Assert.Equal((-5f, 7f), (spread.Lowest[0], spread.Highest[0]));
    }

    [Theory]
    [InlineData(ScaleMode.MeanStd, false)]
    [InlineData(ScaleMode.MinMax, false)]
    [InlineData(ScaleMode.MinMax, true)]
    [InlineData(ScaleMode.Quantiles, false)]
    public void A_scale_as_mean_and_std_is_the_same_scale(object mode, bool older)
    {
        using var scope = NewDisposeScope();
        using var scale = FeatureScale.Create(
            (ScaleMode)mode,
            tensor(new[] { -2f, 5f, 1f }),
            tensor(new[] { 3f, 9f, 1.5f }),
            1e-8,
            older,
            CPU
        );
        float[] values = [0.25f, -7f, 1.25f];

        var (mean, std) = scale.AsInput();
        var (outMean, outStd) = scale.AsOutput();

        AssertClose(scale.Normalise(tensor(values)), values.Select((value, i) => (value - mean[i]) / std[i]));
        AssertClose(scale.Unnormalise(tensor(values)), values.Select((value, i) => value * outStd[i] + outMean[i]));
    }

    [Fact]
    public void Actions_that_count_from_the_state_are_brought_back_by_it()
    {
        _directory.Edit(
            "policy_preprocessor.json",
            """
                  "registry_name": "to_batch_processor",
                  "config": {}
            """,
            """
                  "registry_name": "relative_actions_processor",
                  "config": {
                    "enabled": true,
                    "exclude_joints": ["grip"],
                    "action_names": ["a", "b", "c", "d", "e", "Gripper.pos"]
                  }
            """
        );
        var alone = Assert.Throws<PolicyException>(() => PolicyFamilies.Load(_directory.Path));
        _directory.Edit(
            "policy_postprocessor.json",
            "\"registry_name\": \"device_processor\"",
            "\"registry_name\": \"absolute_actions_processor\", \"config\": { \"enabled\": true } }, { "
                + "\"registry_name\": \"device_processor\""
        );

        var relative = Assert.IsType<ActPolicy>(PolicyFamilies.Load(_directory.Path)).Specs.Relative!;
        float[] chunk = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2];
        relative.Add(chunk, [10, 20, 30, 40, 50, 60]);

        Assert.Equal([11, 21, 31, 41, 51, 1, 12, 22, 32, 42, 52, 2], chunk);
        Assert.Contains("has no absolute_actions_processor that is enabled", alone.Message, StringComparison.Ordinal);
    }

    private static void AssertClose(Tensor expected, IEnumerable<float> actual)
    {
        foreach (var (one, other) in ChunkValues.Of(expected).Zip(actual))
            Assert.True(
                Math.Abs(one - other) <= 1e-5,
                string.Create(CultureInfo.InvariantCulture, $"{one} and {other}")
            );
    }
}
