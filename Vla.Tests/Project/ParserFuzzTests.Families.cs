using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.OpenVla.Modules;
using Vla.Actors.Policies.Rt1.Modules;
using Vla.Actors.Policies.SmolVla.Modules;
using Vla.Actors.Policies.Tokenizing;
using Vla.Runtime.Servos.Arms;
using Vla.Sensors.Datasets;
using Vla.Tests.Actors.Policies.Tokenizing;

namespace Vla.Tests.Project;

/// <summary>The files of the policies of others, of their datasets and arms.</summary>
public sealed partial class ParserFuzzTests
{
    private const string SmolVla = """
        { "type": "smolvla", "n_obs_steps": 1,
          "input_features": { "observation.state": { "type": "STATE", "shape": [6] },
            "observation.images.front": { "type": "VISUAL", "shape": [3, 120, 160] } },
          "output_features": { "action": { "type": "ACTION", "shape": [6] } },
          "chunk_size": 12, "n_action_steps": 5,
          "normalization_mapping": { "VISUAL": "IDENTITY", "STATE": "MEAN_STD", "ACTION": "MEAN_STD" },
          "max_state_dim": 32, "max_action_dim": 32, "resize_imgs_with_padding": [512, 512], "empty_cameras": 0,
          "tokenizer_max_length": 48, "num_steps": 10, "vlm_model_name": "HuggingFaceTB/SmolVLM2-500M-Video-Instruct",
          "attention_mode": "cross_attn", "num_expert_layers": -1, "num_vlm_layers": 4, "self_attn_every_n_layers": 2,
          "expert_width_multiplier": 0.75, "min_period": 0.004, "max_period": 4.0, "rtc_config": null }
        """;

    private const string SmolVlm = """
        { "model_type": "smolvlm", "scale_factor": 4,
          "text_config": { "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 16, "rms_norm_eps": 1e-05 },
          "vision_config": { "num_attention_heads": 4, "layer_norm_eps": 1e-06 } }
        """;

    private const string Rt1 = """
        { "model_type": "rt1", "width_coefficient": 0.25, "depth_coefficient": 1.4, "depth_divisor": 8,
          "image_size": 100, "context_size": 512, "token_embedding_size": 128, "num_image_tokens": 8, "num_layers": 8,
          "layer_size": 8, "num_heads": 8, "vocab_size": 256, "time_sequence_length": 6, "layer_norm_epsilon": 1e-06,
          "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225],
          "action_order": [
            { "name": "terminate_episode", "size": 3, "type": "int32", "tokens": 1 },
            { "name": "world_vector", "size": 3, "type": "float32", "tokens": 3, "minimum": -1, "maximum": 1 } ] }
        """;

    private const string OpenVla = """
        { "model_type": "openvla", "image_resize_strategy": "resize-naive", "image_sizes": [56, 56],
          "n_action_bins": 256, "pad_to_multiple_of": 64,
          "norm_stats": { "bridge_orig": { "action": { "mask": [true, false], "q01": [-0.03, 0], "q99": [0.03, 1] } } },
          "text_config": { "hidden_size": 64, "intermediate_size": 176, "model_type": "llama",
            "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 4, "vocab_size": 576 },
          "timm_model_ids": ["vit_large_patch14_reg4_dinov2.lvd142m", "vit_so400m_patch14_siglip_224"],
          "timm_override_act_layers": [null, null], "use_fused_vision_backbone": true }
        """;

    private const string Shards = """
        { "metadata": { "total_size": 8 }, "weight_map": { "part.0": "model-00001-of-00001.safetensors" } }
        """;

    private const string Calibration = """
        { "shoulder_pan": { "id": 1, "drive_mode": 0, "homing_offset": -14, "range_min": 758, "range_max": 3292 },
          "shoulder_lift": { "id": 2, "drive_mode": 0, "homing_offset": 12, "range_min": 800, "range_max": 3200 },
          "elbow_flex": { "id": 3, "drive_mode": 1, "homing_offset": 0, "range_min": 900, "range_max": 3100 },
          "wrist_flex": { "id": 4, "drive_mode": 0, "homing_offset": 5, "range_min": 850, "range_max": 3210 },
          "wrist_roll": { "id": 5, "drive_mode": 0, "homing_offset": 77, "range_min": 0, "range_max": 4095 },
          "gripper": { "id": 6, "drive_mode": 0, "homing_offset": -8, "range_min": 1500, "range_max": 2900 } }
        """;

    private static readonly Dictionary<string, Parser> OfOthers = new()
    {
        ["tokenizer.json"] = new(
            Text(
                Tokenizers.OfBytes(added: 299, merges: ["r e", "re d"]),
                Tokenizers.OfBytes(added: 299, merges: ["r e"], inPairs: true),
                Tokenizers.OfLlama(["r", "e", "d", "re"], "r e")
            ),
            path => _ = HubTokenizer.Read(path).Encode("pick up the red block 12")
        ),
        ["SmolVLA's configurations"] = new(Text(SmolVla), path => SmolVlaConfig.Read(path)),
        ["SmolVLM's sizes"] = new(
            Text(SmolVlm),
            path => SmolVlmSizes.Read(In("smolvlm", path, SmolVlmSizes.File), "somebody/made-it")
        ),
        ["RT-1's configurations"] = new(Text(Rt1), path => Rt1Config.Read(path)),
        ["OpenVLA's configurations"] = new(
            Text(OpenVla),
            path => OpenVlaConfig.Read(In("openvla", path, "config.json"))
        ),
        ["indices of sharded weights"] = new(Text(Shards), ReadShards),
        ["calibrations of arms"] = new(Text(Calibration), path => ArmCalibration.Load(path, ArmKind.So101)),
        ["info.json of datasets"] = new(
            Fixture("datasets/plain-ok/meta/info.json"),
            path => DatasetInfo.Read(In("dataset", path, "meta/info.json"))
        ),
    };

    private static void ReadShards(string path)
    {
        var directory = In("shards", path, "model.safetensors.index.json");
        var shard = Path.Combine(directory, "model-00001-of-00001.safetensors");
        if (!File.Exists(shard))
            File.WriteAllBytes(shard, Safetensors(1));
        ShardedCheckpoint.Open(Path.Combine(directory, "model.safetensors.index.json")).Dispose();
    }

    /// <summary>Puts the file where its parser looks for it.</summary>
    /// <returns>The directory.</returns>
    private static string In(string folder, string path, string name)
    {
        var directory = Path.Combine(Path.GetDirectoryName(path)!, folder);
        var file = Path.Combine(directory, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.Copy(path, file, overwrite: true);
        return directory;
    }
}
