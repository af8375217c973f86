// Command pod-security judges the pods in a YAML file by the Pod Security level "restricted", with the code that the
// API server's own admission runs. It prints a JSON line for each object that has pods:
// {"kind":"Job","name":"migrations","violations":["seccompProfile: ..."]}.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/pod-security-admission/admission"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

var restricted = api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}

type verdict struct {
	Kind       string   `json:"kind"`
	Name       string   `json:"name"`
	Violations []string `json:"violations"`
}

func main() {
	if err := judge(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func judge(in io.Reader, out io.Writer) error {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	verdicts := json.NewEncoder(out)
	documents := yaml.NewYAMLReader(bufio.NewReader(in))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		object, kind, err := scheme.Codecs.UniversalDeserializer().Decode(document, nil, nil)
		if runtime.IsNotRegisteredError(err) {
			continue // A custom resource, such as a route: it has no pods of its own.
		}
		if err != nil {
			return err
		}
		podMeta, podSpec, err := admission.DefaultPodSpecExtractor{}.ExtractPodSpec(object)
		if err != nil || podSpec == nil {
			continue // A kind without pods.
		}
		accessor, err := meta.Accessor(object)
		if err != nil {
			return err
		}
		result := verdict{Kind: kind.Kind, Name: accessor.GetName(), Violations: []string{}}
		for _, check := range evaluator.EvaluatePod(restricted, podMeta, podSpec) {
			if !check.Allowed {
				result.Violations = append(result.Violations, check.ForbiddenReason+": "+check.ForbiddenDetail)
			}
		}
		if err := verdicts.Encode(result); err != nil {
			return err
		}
	}
}
